"""Mistakes that a type checker must find: each `type: ignore` here is an error of its own if it is not needed."""

from routebook import APIRouter, HTTPException, Query, Routebook

app = Routebook()

Routebook(titel="misspelled")  # type: ignore[call-arg]
Routebook(title=3)  # type: ignore[arg-type]
APIRouter(prefix=3)  # type: ignore[arg-type]
HTTPException(status_code="404")  # type: ignore[arg-type]
Query(min_lenght=3)  # type: ignore[call-arg]
Query(ge="3")  # type: ignore[arg-type]
app.include_router("items")  # type: ignore[arg-type]


@app.get("/", status_code="200")  # type: ignore[arg-type]
def root(number: int) -> int:
    return number


root("one")  # type: ignore[arg-type]
