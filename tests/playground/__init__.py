"""The desk in Microsoft's own Teams-like client: `./run playground` for people, the same in Chromium for the tests."""
