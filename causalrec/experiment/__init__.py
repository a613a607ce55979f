"""Experiments on the shop's own users: who is in which arm, what they did, what that proves."""
