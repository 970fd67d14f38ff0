"""The policy tried out before it goes live: when something would be due, and a ticket's life played through."""
