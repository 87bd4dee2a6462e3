"""Lesson 17: API keys and HTTP Basic."""

from routebook_kernel.learn import CheckFailedError, Exercise, Lesson, Mistake, do, openapi, request

_OPEN = (
    "Everybody gets in. The operation, or a dependency of it, has to compare the key and raise `HTTPException(401)`."
)


def _is_basic(value):
    """Basic …"""
    return value.startswith("Basic")


def _has_api_key(document):
    schemes = document.get("components", {}).get("securitySchemes", {}).values()
    return any(
        each["type"] == "apiKey" and (each["in"], each["name"].lower()) == ("header", "x-api-key") for each in schemes
    )


key = Exercise(
    "A key for the forecast",
    steps=[
        request(
            "Without a key there is no forecast",
            "GET /forecast",
            status=401,
            mistakes={
                200: _OPEN,
                "query.name": (
                    "`Depends(APIKeyHeader)` depends on the class. Make one scheme of it: "
                    '`Depends(APIKeyHeader(name="X-API-Key"))`.'
                ),
                422: (
                    "A header that is required and missing is a `422`: the request is malformed. A missing credential is a "
                    "`401`, and `APIKeyHeader` answers it for you."
                ),
                403: "Nobody is known yet: that is a `401`. A `403` is for somebody who is known, and may not.",
            },
        ),
        request(
            "A wrong key is refused",
            "GET /forecast",
            headers={"x-api-key": "guess"},
            status=401,
            needs=1,
            mistakes={
                200: "Any key gets in: `APIKeyHeader` only reads it. Whether it is right, you compare yourself.",
                403: "Nobody is known yet: that is a `401`. A `403` is for somebody who is known, and may not.",
            },
        ),
        request(
            "The right key gets in",
            "GET /forecast",
            headers={"x-api-key": "k-4711"},
            returns={"tomorrow": "sun"},
            mistakes={
                401: "The right key was refused. Is the header's name `X-API-Key`, and is `KEY` what you compare with?",
            },
        ),
        openapi(
            "Clients know that a key is needed",
            "GET /forecast",
            where=("`security`", lambda operation: bool(operation.get("security"))),
            mistakes={
                lambda operation: True: (
                    "The document does not say it. Reading the header by `Header()` works, but only a security scheme, "
                    "`APIKeyHeader(name=…)` with `Depends` or `Security`, is known to the explorer and to clients."
                ),
            },
            needs=3,
        ),
        openapi(
            "It is the header X-API-Key", "", where=("an API key in the header `X-API-Key`", _has_api_key), needs=4
        ),
    ],
    hints=[
        '`scheme = APIKeyHeader(name="X-API-Key")` reads the key; `Depends(scheme)` gives it to your function.',
        "A dependency `def check(key: Annotated[str, Depends(scheme)])` compares it with `KEY`, and raises a `401`.",
        "`secrets.compare_digest(key, KEY)` compares without telling, by the time it takes, how much of it was right.",
    ],
    stub="""
        # Exercise 17.1: GET /forecast needs the key KEY in the header X-API-Key
    """,
    solution="""
        # Exercise 17.1: GET /forecast needs the key KEY in the header X-API-Key
        api_key = APIKeyHeader(name="X-API-Key")


        def check_key(key: Annotated[str, Depends(api_key)]):
            if not secrets.compare_digest(key, KEY):
                raise HTTPException(401, "This key opens nothing")


        @app.get("/forecast", dependencies=[Depends(check_key)])
        def read_forecast():
            return {"tomorrow": "sun"}
    """,
    another="""
        # Exercise 17.1: GET /forecast needs the key KEY in the header X-API-Key
        optional_key = APIKeyHeader(name="x-api-key", auto_error=False, description="Ask at the counter")


        @app.get("/forecast")
        async def forecast(key: str | None = Security(optional_key)) -> dict[str, str]:
            if key is None or not secrets.compare_digest(key.encode(), KEY.encode()):
                raise HTTPException(status_code=401)
            return {"tomorrow": "sun"}
    """,
    mistakes=[
        Mistake(
            'api_key = APIKeyHeader(name="X-API-Key")\n\n\n@app.get("/forecast", dependencies=[Depends(api_key)])\n'
            'def forecast():\n    return {"tomorrow": "sun"}',
            "only reads it",
        ),
        Mistake(
            '@app.get("/forecast")\ndef forecast(x_api_key: Annotated[str, Header()]):\n    if x_api_key != KEY:\n'
            '        raise HTTPException(401)\n    return {"tomorrow": "sun"}',
            "the request is malformed",
        ),
        Mistake(
            '@app.get("/forecast")\ndef forecast(x_api_key: Annotated[str | None, Header()] = None):\n'
            '    if x_api_key != KEY:\n        raise HTTPException(401)\n    return {"tomorrow": "sun"}',
            "only a security scheme",
        ),
        Mistake(
            'api_key = APIKeyHeader(name="X-API-Key", auto_error=False)\n\n\n@app.get("/forecast")\n'
            "def forecast(key: Annotated[str | None, Depends(api_key)]):\n    if key != KEY:\n"
            '        raise HTTPException(403)\n    return {"tomorrow": "sun"}',
            "Nobody is known yet",
        ),
    ],
    learned=(
        "A security scheme reads a credential and writes it into the document; comparing it is your part. `401` says: I do "
        "not know you."
    ),
)

basic = Exercise(
    "A name and a password",
    steps=[
        request(
            "Without a password the browser is told to ask",
            "GET /diary",
            status=401,
            has_headers={"www-authenticate": _is_basic},
            mistakes={
                200: "The diary is open. `HTTPBasic()` as a dependency asks for a name and a password.",
                lambda answer: answer.status == 401: (
                    "A `401` says how to get in: the header `WWW-Authenticate: Basic`. `HTTPBasic` sends it; your own "
                    '`HTTPException` needs `headers={"WWW-Authenticate": "Basic"}`.'
                ),
            },
        ),
        request(
            "Ada reads her diary",
            "GET /diary",
            auth=("ada", "lovelace"),
            returns={"of": "ada", "pages": 12},
            mistakes={
                401: "Ada's password is in `PASSWORDS`, and was refused.",
            },
        ),
        request("Bo reads his", "GET /diary", auth=("bo", "diddley"), returns={"of": "bo", "pages": 3}, needs=2),
        request(
            "A wrong password is refused, and told the same",
            "GET /diary",
            auth=("ada", "guess"),
            status=401,
            has_headers={"www-authenticate": _is_basic},
            mistakes={
                200: "Any password opens: compare it with `PASSWORDS`.",
                lambda answer: answer.status == 401: (
                    "Refused, but the header is missing: your own `HTTPException(401)` needs "
                    '`headers={"WWW-Authenticate": "Basic"}` as well.'
                ),
            },
            needs=1,
        ),
        request(
            "Somebody unknown is refused",
            "GET /diary",
            auth=("eve", "x"),
            status=401,
            needs=1,
            mistakes={
                500: "`PASSWORDS[name]` raises a `KeyError` for a name that nobody has. `PASSWORDS.get(name)` does not.",
                404: "`404` tells that there is no such user. To a stranger say the same in both cases: `401`.",
            },
        ),
        request(
            "Somebody unknown with an empty password is refused",
            "GET /diary",
            auth=("eve", ""),
            status=401,
            needs=3,
            mistakes={
                lambda answer: True: (
                    'Whoever is not in `PASSWORDS` gets in with no password: `PASSWORDS.get(name, "")` is the empty text for '
                    "them, and so is what they sent. Ask whether the name is there, too."
                ),
            },
        ),
        request(
            "Nor does the password of another open",
            "GET /diary",
            auth=("ada", "diddley"),
            status=401,
            needs=2,
            mistakes={200: "Ada's diary opened with Bo's password. Each name has its own: `PASSWORDS[name]`."},
        ),
    ],
    hints=[
        "`credentials: Annotated[HTTPBasicCredentials, Depends(HTTPBasic())]` has `.username` and `.password`.",
        '`PASSWORDS.get(credentials.username, "")` is the password to compare with.',
        '`raise HTTPException(401, headers={"WWW-Authenticate": "Basic"})`',
    ],
    stub="""
        # Exercise 17.2: GET /diary, with HTTP Basic, for the people in PASSWORDS
    """,
    solution="""
        # Exercise 17.2: GET /diary, with HTTP Basic, for the people in PASSWORDS
        def current_user(credentials: Annotated[HTTPBasicCredentials, Depends(HTTPBasic())]):
            password = PASSWORDS.get(credentials.username, "")
            is_right = secrets.compare_digest(credentials.password.encode(), password.encode())
            if not (is_right and password):
                raise HTTPException(401, "Who are you?", headers={"WWW-Authenticate": "Basic"})
            return credentials.username


        @app.get("/diary")
        def read_diary(name: Annotated[str, Depends(current_user)]):
            return {"of": name, "pages": PAGES[name]}
    """,
    another="""
        # Exercise 17.2: GET /diary, with HTTP Basic, for the people in PASSWORDS
        asks = HTTPBasic(realm="diaries", auto_error=False)
        REFUSED = HTTPException(status_code=401, headers={"WWW-Authenticate": 'Basic realm="diaries"'})


        @app.get("/diary")
        async def diary(given: HTTPBasicCredentials | None = Depends(asks)) -> dict[str, str | int]:
            if given is None or PASSWORDS.get(given.username) != given.password:
                raise REFUSED
            return {"of": given.username, "pages": PAGES[given.username]}
    """,
    mistakes=[
        Mistake(
            '@app.get("/diary")\ndef diary(given: Annotated[HTTPBasicCredentials, Depends(HTTPBasic())]):\n'
            '    if PASSWORDS.get(given.username, "") != given.password:\n'
            '        raise HTTPException(401, headers={"WWW-Authenticate": "Basic"})\n'
            '    return {"of": given.username, "pages": PAGES.get(given.username)}',
            "gets in with no password",
        ),
        Mistake(
            '@app.get("/diary")\ndef diary(given: Annotated[HTTPBasicCredentials, Depends(HTTPBasic())]):\n'
            "    if given.username not in PASSWORDS or given.password not in PASSWORDS.values():\n"
            '        raise HTTPException(401, headers={"WWW-Authenticate": "Basic"})\n'
            '    return {"of": given.username, "pages": PAGES[given.username]}',
            "opened with Bo's password",
        ),
        Mistake(
            '@app.get("/diary")\ndef diary(given: Annotated[HTTPBasicCredentials, Depends(HTTPBasic())]):\n'
            '    return {"of": given.username, "pages": PAGES.get(given.username, 0)}',
            "Any password opens",
        ),
        Mistake(
            '@app.get("/diary")\ndef diary(given: Annotated[HTTPBasicCredentials, Depends(HTTPBasic())]):\n'
            "    if PASSWORDS[given.username] != given.password:\n"
            '        raise HTTPException(401, headers={"WWW-Authenticate": "Basic"})\n'
            '    return {"of": given.username, "pages": PAGES[given.username]}',
            "raises a `KeyError`",
        ),
        Mistake(
            '@app.get("/diary")\ndef diary(given: Annotated[HTTPBasicCredentials, Depends(HTTPBasic())]):\n'
            "    if PASSWORDS.get(given.username) != given.password:\n        raise HTTPException(401)\n"
            '    return {"of": given.username, "pages": PAGES[given.username]}',
            "the header is missing",
        ),
    ],
    learned=(
        "A refusal tells no more than it must: the same `401` for a wrong password and for an unknown name, and the header "
        "that says how to get in."
    ),
)


def _serves_new_editors(probe):
    editors = probe.value("EDITORS")
    editors.add("bo")
    try:
        answer = probe.delete("/diary/page", auth=("bo", "diddley"))
    finally:
        editors.discard("bo")
    if (answer.status, answer.json) != (200, {"pages": 2}):
        raise CheckFailedError(
            f"`{answer.status_text}` {answer.text[:80]}",
            expected='`{"pages": 2}` for Bo, once he is in `EDITORS`',
            hint="Look into `EDITORS` and `PAGES` with each request, with the name that was sent.",
        )


roles = Exercise(
    "Known, but not allowed",
    steps=[
        request(
            "Without a password it is a 401",
            "DELETE /diary/page",
            status=401,
            mistakes={
                403: "Nobody is known yet, so it is a `401`; the `403` comes after that.",
            },
        ),
        request(
            "Bo may not: 403",
            "DELETE /diary/page",
            auth=("bo", "diddley"),
            status=403,
            mistakes={
                401: "Bo's password was right: you know who he is. He only may not: that is a `403`.",
                200: "Bo may do it, too. Only who is in `EDITORS` may.",
                204: "Bo may do it, too. Only who is in `EDITORS` may.",
            },
        ),
        request(
            "Ada's name alone is not enough",
            "DELETE /diary/page",
            auth=("ada", "a guess"),
            status=401,
            mistakes={
                200: "A wrong password deleted a page. Who it is, is the first question: look at the password, too."
            },
        ),
        request("Ada, an editor, may", "DELETE /diary/page", auth=("ada", "lovelace"), returns={"pages": 11}),
        do("So may whoever becomes one", _serves_new_editors, needs=(2, 4)),
    ],
    hints=[
        "Two dependencies: one finds out who it is (`401`), the other, which depends on it, whether they may (`403`).",
        "`if name not in EDITORS: raise HTTPException(403)`",
    ],
    stub="""
        # Exercise 17.3: DELETE /diary/page, for those of PASSWORDS who are in EDITORS
    """,
    solution="""
        # Exercise 17.3: DELETE /diary/page, for those of PASSWORDS who are in EDITORS
        def who(given: Annotated[HTTPBasicCredentials, Depends(HTTPBasic())]):
            if PASSWORDS.get(given.username) != given.password:
                raise HTTPException(401, headers={"WWW-Authenticate": "Basic"})
            return given.username


        def editor(name: Annotated[str, Depends(who)]):
            if name not in EDITORS:
                raise HTTPException(403, "Only editors may")
            return name


        @app.delete("/diary/page")
        def tear_out(name: Annotated[str, Depends(editor)]):
            return {"pages": PAGES[name] - 1}
    """,
    another="""
        # Exercise 17.3: DELETE /diary/page, for those of PASSWORDS who are in EDITORS
        @app.delete("/diary/page")
        async def remove_page(given: HTTPBasicCredentials = Security(HTTPBasic())) -> dict[str, int]:
            is_known = PASSWORDS.get(given.username) == given.password
            if not is_known or given.username not in EDITORS:
                raise HTTPException(status_code=403 if is_known else 401)
            return {"pages": PAGES[given.username] - 1}
    """,
    mistakes=[
        Mistake(
            '@app.delete("/diary/page")\ndef remove(given: Annotated[HTTPBasicCredentials, Depends(HTTPBasic())]):\n'
            "    if given.username not in EDITORS:\n        raise HTTPException(403)\n"
            '    return {"pages": PAGES[given.username] - 1}',
            "look at the password, too",
        ),
        Mistake(
            '@app.delete("/diary/page")\ndef remove(given: Annotated[HTTPBasicCredentials, Depends(HTTPBasic())]):\n'
            "    if PASSWORDS.get(given.username) != given.password or given.username not in EDITORS:\n"
            '        raise HTTPException(401)\n    return {"pages": PAGES[given.username] - 1}',
            "you know who he is",
        ),
        Mistake(
            '@app.delete("/diary/page")\ndef remove(given: Annotated[HTTPBasicCredentials, Depends(HTTPBasic())]):\n'
            "    if PASSWORDS.get(given.username) != given.password:\n"
            '        raise HTTPException(401)\n    return {"pages": PAGES[given.username] - 1}',
            "Only who is in `EDITORS`",
        ),
    ],
    learned="`401`: who are you? `403`: I know who you are, and you may not.",
)

lesson = Lesson("Security I: API keys and Basic", exercises=[key, basic, roles], minutes=20)
