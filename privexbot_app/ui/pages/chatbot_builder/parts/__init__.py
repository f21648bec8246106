"""The parts of the builder: one module per tab or dialog."""
