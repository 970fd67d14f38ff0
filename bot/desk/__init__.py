"""The desk: loads the record, asks the rules, commits what they decided in one step."""
