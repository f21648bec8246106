"""Routes of the dashboard's and programs' nouns, one router per noun."""
