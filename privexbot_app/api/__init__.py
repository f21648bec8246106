"""The door for programs: a REST API whose names are a contract."""
