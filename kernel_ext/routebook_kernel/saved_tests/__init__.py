"""Saved tests: requests with expectations on their responses. Pure; `session.saved_tests` runs them."""
