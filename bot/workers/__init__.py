"""The loops: timers, lanes, mailbox, housekeeping. Each is named, bounded and stops when told."""
