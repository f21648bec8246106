"""What is known of people who are not users: how long it is kept, and taking it out or away for one of them."""
