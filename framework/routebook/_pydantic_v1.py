"""Tell models of `pydantic.v1` apart; they look like pydantic 2's and are not supported."""


def is_pydantic_v1_model(cls: type) -> bool:
    """Whether `cls` derives from `pydantic.v1.BaseModel`; the module is not imported to find out."""
    return any(base.__name__ == "BaseModel" and base.__module__ == "pydantic.v1.main" for base in cls.__mro__)
