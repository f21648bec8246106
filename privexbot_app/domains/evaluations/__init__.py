"""Does a knowledge base still answer what it must? Golden questions, runs over them, and a gate before deployment."""
