"""How much the tests notice: the code is changed in one place at a time, and the tests should fail."""
