"""Simulated shops whose causes are known."""
