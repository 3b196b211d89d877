"""What joins archives, stores and the API: each file is one road from one to another."""
