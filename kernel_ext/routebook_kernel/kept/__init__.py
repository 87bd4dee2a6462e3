"""Kept requests with what is expected of their answers: the tests of a notebook. Pure; `session.tests` runs them."""
