"""The operator's verbs, one module each: `HELP`, `add_arguments(parser)` and `run(settings, options)`."""
