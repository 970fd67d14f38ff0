"""Pure: what a ticket is and what follows from each command. A rule never sends and never asks for the time."""
