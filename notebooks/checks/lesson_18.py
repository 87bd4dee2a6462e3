"""Lesson 18: OAuth2 and JWT."""

from datetime import UTC, datetime, timedelta

import jwt

from routebook_kernel.learn import CheckFailedError, Exercise, Lesson, Mistake, do, openapi, request


def _token(probe, minutes=5, secret=None, **claims):
    ends = datetime.now(UTC) + timedelta(minutes=minutes)
    return jwt.encode({"sub": "ada", "exp": ends, **claims}, secret or probe.value("SECRET"), algorithm="HS256")


def _bearer(token):
    return {"authorization": f"Bearer {token}"}


def _holds_a_name_and_an_end(probe):
    answer = probe.post("/token", data={"username": "ada", "password": "lovelace"})
    token = (answer.json or {}).get("access_token", "")
    try:
        claims = jwt.decode(token, probe.value("SECRET"), algorithms=["HS256"], options={"verify_exp": False})
    except jwt.PyJWTError as error:
        raise CheckFailedError(
            f"the token cannot be read: {error}",
            expected="a JWT that is signed with `SECRET`, by `HS256`",
            hint='`jwt.encode({"sub": name, "exp": ends}, SECRET, algorithm="HS256")` makes one.',
        ) from None
    if claims.get("sub") != "ada":
        raise CheckFailedError(
            f"the claims {claims}",
            expected='`"sub": "ada"`, whom the token is about',
            hint='The *subject* of a token is its claim `sub`: `{"sub": form.username, …}`.',
        )
    left = claims.get("exp", 0) - datetime.now(UTC).timestamp()
    if "exp" not in claims or not 0 < left <= 3600:
        raise CheckFailedError(
            "a token that never ends" if "exp" not in claims else f"a token that ends in {left / 60:.0f} minutes",
            expected="`exp`, at most an hour from now",
            hint=(
                '`"exp": datetime.now(UTC) + timedelta(minutes=30)`. Without `UTC` the time is read in another time zone.'
                if "exp" in claims
                else 'A token that is stolen works until it ends: `"exp": datetime.now(UTC) + timedelta(minutes=30)`.'
            ),
        )


token = Exercise(
    "A token for a password",
    steps=[
        request(
            "Ada gets a token",
            "POST /token",
            data={"username": "ada", "password": "lovelace"},
            includes={"access_token": str, "token_type": "bearer"},
            mistakes={
                422: (
                    "The password comes as a form, as OAuth2 asks, and not as JSON or in the query: "
                    "`form: Annotated[OAuth2PasswordRequestForm, Depends()]`."
                ),
                lambda answer: answer.status == 200 and isinstance(answer.json, str): (
                    'OAuth2 asks for an object: `{"access_token": …, "token_type": "bearer"}`.'
                ),
                lambda answer: answer.status == 200 and "token_type" not in (answer.json or {}): (
                    'Clients look for `"token_type": "bearer"` beside the token.'
                ),
            },
        ),
        do("It says who it is about, and when it ends", _holds_a_name_and_an_end, needs=1),
        request(
            "A wrong password gets none",
            "POST /token",
            data={"username": "ada", "password": "guess"},
            status=401,
            mistakes={200: "A token for any password! Compare it with `PASSWORDS` first."},
            needs=1,
        ),
        request(
            "An unknown name gets none",
            "POST /token",
            data={"username": "eve", "password": "x"},
            status=401,
            mistakes={
                500: "`PASSWORDS[name]` raises a `KeyError` for an unknown name; `PASSWORDS.get(name)` does not."
            },
            needs=1,
        ),
    ],
    hints=[
        "`form: Annotated[OAuth2PasswordRequestForm, Depends()]` has `.username` and `.password`.",
        '`jwt.encode({"sub": form.username, "exp": datetime.now(UTC) + timedelta(minutes=30)}, SECRET, algorithm="HS256")`',
    ],
    stub="""
        # Exercise 18.1: POST /token gives a JWT for a name and a password of PASSWORDS
    """,
    solution="""
        # Exercise 18.1: POST /token gives a JWT for a name and a password of PASSWORDS
        @app.post("/token")
        def sign_in(form: Annotated[OAuth2PasswordRequestForm, Depends()]):
            if PASSWORDS.get(form.username) != form.password:
                raise HTTPException(401, "Wrong name or password", headers={"WWW-Authenticate": "Bearer"})
            claims = {"sub": form.username, "exp": datetime.now(UTC) + timedelta(minutes=30)}
            return {"access_token": jwt.encode(claims, SECRET, algorithm="HS256"), "token_type": "bearer"}
    """,
    another="""
        # Exercise 18.1: POST /token gives a JWT for a name and a password of PASSWORDS
        import time


        @app.post("/token")
        async def token(username: Annotated[str, Form()], password: Annotated[str, Form()]) -> dict[str, str]:
            if username not in PASSWORDS or not secrets.compare_digest(PASSWORDS[username], password):
                raise HTTPException(status_code=401)
            signed = jwt.encode({"exp": int(time.time()) + 600, "sub": username}, SECRET, "HS256")
            return {"token_type": "bearer", "access_token": signed}
    """,
    mistakes=[
        Mistake(
            '@app.post("/token")\ndef token(username: str, password: str):\n    return {}',
            "comes as a form",
        ),
        Mistake(
            '@app.post("/token")\ndef token(form: Annotated[OAuth2PasswordRequestForm, Depends()]):\n'
            '    return {"access_token": jwt.encode({"sub": form.username}, SECRET, "HS256"), "token_type": "bearer"}',
            "works until it ends",
        ),
        Mistake(
            '@app.post("/token")\ndef token(form: Annotated[OAuth2PasswordRequestForm, Depends()]):\n'
            "    ends = datetime.now(UTC) + timedelta(minutes=30)\n"
            '    return {"access_token": jwt.encode({"sub": form.username, "exp": ends}, SECRET, "HS256"),'
            ' "token_type": "bearer"}',
            "A token for any password",
        ),
        Mistake(
            '@app.post("/token")\ndef token(form: Annotated[OAuth2PasswordRequestForm, Depends()]):\n'
            '    return jwt.encode({"sub": form.username}, SECRET, "HS256")',
            "OAuth2 asks for an object",
        ),
    ],
    learned="The password travels once; then a token stands for it, which says who it is about and when it ends.",
)


def _asks_me(title, expected, hint, **token):
    def step(probe):
        answer = probe.get("/me", headers=_bearer(_token(probe, **token)))
        if answer.status != expected:
            raise CheckFailedError(
                f"`{answer.status_text}` {answer.text[:80]}",
                expected=f"`{expected}`",
                hint=(
                    "`jwt.decode` raised, and nobody caught it. `except jwt.PyJWTError:` turns every reason into a `401`."
                    if answer.status == 500
                    else hint
                ),
            )

    return do(title, step, needs=2)


def _knows_ada(probe):
    answer = probe.get("/me", headers=_bearer(_token(probe)))
    if (answer.status, answer.json) != (200, {"name": "ada"}):
        raise CheckFailedError(
            f"`{answer.status_text}` {answer.text[:100]}",
            expected='`200` with `{"name": "ada"}`, for a token whose `sub` is `ada`',
            hint='`jwt.decode(token, SECRET, algorithms=["HS256"])` gives the claims; the name is their `sub`.',
        )


me = Exercise(
    "Who is it?",
    steps=[
        request(
            "Without a token nobody is known",
            "GET /me",
            status=401,
            mistakes={
                200: 'Nobody was asked. `OAuth2PasswordBearer(tokenUrl="token")` as a dependency reads the token.',
            },
        ),
        do("Ada's token is Ada", _knows_ada),
        _asks_me(
            "A token that has ended is refused",
            401,
            "The token ended an hour ago, and passed. `jwt.decode` looks at `exp` by itself, unless it is told not to.",
            minutes=-60,
        ),
        _asks_me(
            "A token that somebody else signed is refused",
            401,
            "The signature was not looked at. Without it, everybody can write a token about anybody: give `SECRET` and "
            '`algorithms=["HS256"]` to `jwt.decode`, and leave `verify_signature` alone.',
            secret="not-the-secret-of-this-service-at-all",
        ),
        request(
            "Nonsense is refused",
            "GET /me",
            headers=_bearer("abc"),
            status=401,
            needs=2,
            mistakes={
                500: "`jwt.decode` raised, and nobody caught it. `except jwt.PyJWTError:` turns every reason into a `401`.",
            },
        ),
        openapi(
            "Clients know where to get a token",
            "GET /me",
            where=("`security`", lambda operation: bool(operation.get("security"))),
            mistakes={
                lambda operation: True: 'Read the token with the scheme, `OAuth2PasswordBearer(tokenUrl="token")`.'
            },
            needs=2,
        ),
    ],
    hints=[
        '`scheme = OAuth2PasswordBearer(tokenUrl="token")`; a dependency takes `token: Annotated[str, Depends(scheme)]`.',
        '`claims = jwt.decode(token, SECRET, algorithms=["HS256"])` in a `try`; `except jwt.PyJWTError:` raises a `401`.',
    ],
    stub="""
        # Exercise 18.2: GET /me answers {"name": "ada"} to whoever has Ada's token
    """,
    solution="""
        # Exercise 18.2: GET /me answers {"name": "ada"} to whoever has Ada's token
        scheme = OAuth2PasswordBearer(tokenUrl="token")


        def current_user(token: Annotated[str, Depends(scheme)]):
            try:
                claims = jwt.decode(token, SECRET, algorithms=["HS256"])
            except jwt.PyJWTError:
                raise HTTPException(401, "Sign in again", headers={"WWW-Authenticate": "Bearer"}) from None
            return claims["sub"]


        @app.get("/me")
        def read_me(name: Annotated[str, Depends(current_user)]):
            return {"name": name}
    """,
    another="""
        # Exercise 18.2: GET /me answers {"name": "ada"} to whoever has Ada's token
        class Me(BaseModel):
            name: str


        @app.get("/me")
        async def me(token: str = Security(OAuth2PasswordBearer(tokenUrl="/token", scheme_name="sign in"))) -> Me:
            try:
                claims = jwt.decode(token, SECRET, algorithms=["HS256"], options={"require": ["exp", "sub"]})
                return Me(name=claims["sub"])
            except jwt.InvalidTokenError as error:
                raise HTTPException(status_code=401, detail=str(error))
    """,
    mistakes=[
        Mistake(
            'scheme = OAuth2PasswordBearer(tokenUrl="token")\n\n\n@app.get("/me")\n'
            "def me(token: Annotated[str, Depends(scheme)]):\n"
            '    return {"name": jwt.decode(token, options={"verify_signature": False})["sub"]}',
            "looks at `exp` by itself",
        ),
        Mistake(
            'scheme = OAuth2PasswordBearer(tokenUrl="token")\n\n\n@app.get("/me")\n'
            "def me(token: Annotated[str, Depends(scheme)]):\n"
            '    return {"name": jwt.decode(token, SECRET, algorithms=["HS256"])["sub"]}',
            "nobody caught it",
        ),
        Mistake('@app.get("/me")\ndef me(token: str = ""):\n    return {"name": "ada"}', "Nobody was asked"),
        Mistake(
            'scheme = OAuth2PasswordBearer(tokenUrl="token")\n\n\n@app.get("/me")\n'
            "def me(token: Annotated[str, Depends(scheme)]):\n"
            '    return {"name": token}',
            "gives the claims",
        ),
    ],
    learned=(
        "A token is not secret writing: everybody can read it, nobody can change it, because of the signature. Checking it "
        "needs no database."
    ),
)


def _asks_notes(probe, scope):
    return probe.delete("/notes/1", headers=_bearer(_token(probe, scope=scope)))


def _needs_write(probe):
    answer = _asks_notes(probe, "notes:read")
    if answer.status != 403:
        raise CheckFailedError(
            f"`{answer.status_text}` for a token with the scope `notes:read`",
            expected="`403`",
            hint=(
                "The token is right, so you know who it is: `403`, not `401`."
                if answer.status == 401
                else 'Look for `notes:write` in the claim `scope`. Split it: `claims.get("scope", "").split()`.'
            ),
        )
    answer = _asks_notes(probe, "notes:write-to-me")
    if answer.status != 403:
        raise CheckFailedError(
            f"`{answer.status_text}` for a token with the scope `notes:write-to-me`",
            expected="`403`",
            hint="A part of a word is not the word: `in` finds it in a text, and in `scope.split()` only whole words.",
        )
    answer = probe.delete("/notes/1", headers=_bearer(_token(probe)))
    if answer.status != 403:
        raise CheckFailedError(
            f"`{answer.status_text}` for a token without any scope",
            expected="`403`",
            hint='A token need not have the claim: `claims.get("scope", "")` is empty where there is none.',
        )


def _lets_write(probe):
    answer = _asks_notes(probe, "notes:read notes:write")
    if (answer.status, answer.json) != (200, {"deleted": 1, "by": "ada"}):
        raise CheckFailedError(
            f"`{answer.status_text}` {answer.text[:80]}",
            expected='`200` with `{"deleted": 1, "by": "ada"}`, for the scopes `notes:read notes:write`',
            hint="The scopes are one text, with blanks between them: `.split()` makes a list of it.",
        )


scopes = Exercise(
    "Only with the scope",
    steps=[
        request(
            "Without a token it is a 401",
            "DELETE /notes/1",
            status=401,
            mistakes={
                403: "Nobody is known yet: `401`.",
            },
        ),
        do("With the scope it is done", _lets_write),
        do("Without it, it is a 403", _needs_write, needs=2),
    ],
    hints=[
        "The claim `scope` is a text such as `notes:read notes:write`.",
        '`if "notes:write" not in claims.get("scope", "").split(): raise HTTPException(403)`',
        'With `Security(user, scopes=["notes:write"])` the operation says what it needs, and `SecurityScopes` tells the '
        "dependency.",
    ],
    stub="""
        # Exercise 18.3: DELETE /notes/{note_id}, for tokens with the scope notes:write
    """,
    solution="""
        # Exercise 18.3: DELETE /notes/{note_id}, for tokens with the scope notes:write
        notes_scheme = OAuth2PasswordBearer(tokenUrl="token", scopes={"notes:write": "Change notes"})


        def allowed_user(needed: SecurityScopes, token: Annotated[str, Depends(notes_scheme)]):
            try:
                claims = jwt.decode(token, SECRET, algorithms=["HS256"])
            except jwt.PyJWTError:
                raise HTTPException(401, "Sign in again") from None
            if not set(needed.scopes) <= set(claims.get("scope", "").split()):
                raise HTTPException(403, f"This needs {needed.scope_str}")
            return claims["sub"]


        @app.delete("/notes/{note_id}")
        def delete_note(note_id: int, name: Annotated[str, Security(allowed_user, scopes=["notes:write"])]):
            return {"deleted": note_id, "by": name}
    """,
    another="""
        # Exercise 18.3: DELETE /notes/{note_id}, for tokens with the scope notes:write
        async def claims_of(token: str = Depends(OAuth2PasswordBearer(tokenUrl="token"))) -> dict:
            try:
                return jwt.decode(token, SECRET, algorithms=["HS256"])
            except jwt.PyJWTError:
                raise HTTPException(status_code=401)


        async def writer(claims: dict = Depends(claims_of)) -> str:
            if "notes:write" not in claims.get("scope", "").split():
                raise HTTPException(status_code=403)
            return claims["sub"]


        @app.delete("/notes/{number}")
        async def remove(number: int, by: str = Depends(writer)) -> dict[str, int | str]:
            return {"deleted": number, "by": by}
    """,
    mistakes=[
        Mistake(
            '@app.delete("/notes/{note_id}")\ndef delete(note_id: int, token: Annotated[str, Depends(bearer)]):\n'
            "    try:\n        claims = jwt.decode(token, SECRET, algorithms=['HS256'])\n"
            "    except jwt.PyJWTError:\n        raise HTTPException(401)\n"
            "    if 'notes:write' not in claims.get('scope', ''):\n        raise HTTPException(403)\n"
            "    return {'deleted': note_id, 'by': claims['sub']}",
            "A part of a word is not the word",
        ),
        Mistake(
            'def claims_of(token: Annotated[str, Depends(OAuth2PasswordBearer(tokenUrl="token"))]):\n'
            '    return jwt.decode(token, SECRET, algorithms=["HS256"])\n\n\n'
            '@app.delete("/notes/{note_id}")\ndef delete(note_id: int, claims: Annotated[dict, Depends(claims_of)]):\n'
            '    return {"deleted": note_id, "by": claims["sub"]}',
            "Look for `notes:write`",
        ),
        Mistake(
            'def claims_of(token: Annotated[str, Depends(OAuth2PasswordBearer(tokenUrl="token"))]):\n'
            '    return jwt.decode(token, SECRET, algorithms=["HS256"])\n\n\n'
            '@app.delete("/notes/{note_id}")\ndef delete(note_id: int, claims: Annotated[dict, Depends(claims_of)]):\n'
            '    if claims["scope"] != "notes:write":\n        raise HTTPException(403)\n'
            '    return {"deleted": note_id, "by": claims["sub"]}',
            "one text, with blanks",
        ),
        Mistake(
            'def claims_of(token: Annotated[str, Depends(OAuth2PasswordBearer(tokenUrl="token"))]):\n'
            '    return jwt.decode(token, SECRET, algorithms=["HS256"])\n\n\n'
            '@app.delete("/notes/{note_id}")\ndef delete(note_id: int, claims: Annotated[dict, Depends(claims_of)]):\n'
            '    if "notes:write" not in claims.get("scope", "").split():\n        raise HTTPException(401)\n'
            '    return {"deleted": note_id, "by": claims["sub"]}',
            "not `401`",
        ),
    ],
    learned=(
        "Scopes say what a token is good for, which may be less than what its owner may do. The operation names the scope "
        "that it needs; the dependency compares."
    ),
)

lesson = Lesson("Security II: OAuth2 and JWT", exercises=[token, me, scopes], minutes=20)
