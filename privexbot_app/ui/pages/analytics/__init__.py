"""How the bots do: figures, questions, and what stayed unanswered."""
