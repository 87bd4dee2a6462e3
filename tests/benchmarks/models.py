"""Models and data that every framework's applications share, so that all do the same work."""

from pydantic import BaseModel


class Maker(BaseModel):
    name: str
    country: str


class Item(BaseModel):
    name: str
    price: float
    tags: list[str]
    maker: Maker


class Login(BaseModel):
    username: str
    password: str
    remember: bool = False


class PublicUser(BaseModel):
    id: int
    name: str


class StoredUser(PublicUser):
    password_hash: str
    email: str


ROWS = [
    Item(name=f"item {number}", price=number / 4, tags=["home", "light"], maker=Maker(name="Lux", country="PT"))
    for number in range(1_000)
]
USER = StoredUser(id=1, name="Ada", password_hash="not for the public", email="ada@example.com")
CHUNKS = [f"line {number}\n".encode() for number in range(10)]
ROUTES = 505
