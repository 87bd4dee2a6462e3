"""Floor 4: from a `Dependant` to a `CallPlan` to one generated function that serves a request."""
