"""Events told to other programs: signed, tried again, written down."""
