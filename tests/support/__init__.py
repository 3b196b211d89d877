"""What the tests share: archives, stores, questions, and the original as oracle."""
