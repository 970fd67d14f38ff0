"""Pure: conversation steps, (state, answer) -> prompt or command."""
