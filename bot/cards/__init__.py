"""Pure: (view, phrases) -> Adaptive Card 1.5 as a dict."""
