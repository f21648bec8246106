"""What visitors and bots have said to each other, and answering in person."""
