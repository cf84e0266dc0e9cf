"""The API and the page."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Annotated, Any

from fastapi import FastAPI, File, Query, Request, UploadFile
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse

from kaggle_digits import __version__, page
from kaggle_digits.errors import DataError
from kaggle_digits.predictor import Model, Prediction
from kaggle_digits.serving import forms, pictures, reference
from kaggle_digits.serving.limits import Limits
from kaggle_digits.serving.model_queue import Asker, QueueFullError

_MOST_IMAGES = 32  # in one request
_NAME_LENGTH = 100  # characters of an upload's name that an answer repeats

Seen = Annotated[bool, Query(description="Whether the answer shows what the network saw.")]


def create_app(
    model: Model,
    *,
    only_local: bool = True,
    corrections: bool = True,
    on_ready: Callable[[], None] = lambda: None,
) -> Limits:
    """An ASGI application that answers for a model, once `on_ready` is called, and may keep corrections and adapt.

    For `only_local`, see `Limits`.
    """
    asker = Asker(model, adapts=corrections)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        on_ready()
        yield
        asker.close()

    app = FastAPI(
        title="Digits",
        version=__version__,
        description=f"What digits are in a picture, or in rows of pixels? The model {model.run.name} answers.",
        docs_url=None,  # FastAPI's own pages load their parts from other servers
        redoc_url=None,
        lifespan=lifespan,
        responses={code: forms.refusal(why, _SAID.get(code, why)) for code, why in _REFUSALS.items()},
    )
    _add_pages(app)
    _add_information(app, model, corrections)
    _add_pictures(app, asker)
    _add_rows(app, asker)
    if corrections:
        _add_corrections(app, asker)
    _add_refusals(app)
    return Limits(app, only_local)


_REFUSALS = {
    400: "The request is malformed.",
    403: "A browser asks for a page of another origin.",
    408: "The request did not arrive in time.",
    413: "The request, or a picture in it, is too large.",
    421: "The request names another machine.",
    422: "The request is not of the form described, or a picture cannot be read.",
    429: "Too many questions are waiting. Ask again in a second.",
    503: "Too much is arriving at once. Ask again in a second.",
}
_SAID = {
    403: "Only this server's own page may ask it from a browser.",
    413: "A request may have 12,000,000 bytes at most.",
    421: "This server answers on its own machine only: name it 127.0.0.1.",
    422: "seven.png is not a whole image of the formats PNG, JPEG, BMP, WEBP, GIF, TIFF.",
}


def _add_pages(app: FastAPI) -> None:
    content = page.online()

    @app.get("/", include_in_schema=False)
    async def home() -> HTMLResponse:
        # The page names what it may do itself.
        return HTMLResponse(content, headers={"Content-Security-Policy": "frame-ancestors 'none'"})

    @app.get("/api", include_in_schema=False)
    async def describe(request: Request) -> HTMLResponse:
        shown = reference.page(app.openapi(), str(request.base_url).rstrip("/"))
        return HTMLResponse(shown, headers={"Content-Security-Policy": reference.POLICY})


def _add_information(app: FastAPI, model: Model, corrections: bool) -> None:
    record = model.run.record
    about = forms.ModelInformation(
        run=model.run.name,
        recipe=record.recipe.name,
        image_shape=list(model.image_shape),
        classes=model.classes,
        parameters=record.parameters,
        validation_accuracy=record.validation_accuracy,
        corrections=corrections,
    )

    @app.get("/api/health", summary="Whether the server answers", response_description="It does.")
    async def health() -> forms.Health:
        """For a monitor: it asks nothing of the model."""
        return forms.Health(status="ok")

    @app.get("/api/model", summary="What answers", response_description="The run, and what it is worth.")
    async def describe_model() -> forms.ModelInformation:
        """The trained model behind all answers; it stays the same until the server is started again."""
        return about


def _add_pictures(app: FastAPI, asker: Asker) -> None:
    @app.post(
        "/api/image",
        summary="Read the digits of a picture",
        response_description="The digits, line by line.",
        openapi_extra=forms.PICTURE_BODY,
    )
    async def read_image(request: Request, seen: Seen = False) -> forms.Reading:
        """A photo, a scan or a drawing of one digit or several: a form's file `image`, or the file itself as the body.

        A body of any other type than multipart/form-data is taken for the file itself; which format it has, its first
        bytes tell.
        """
        if request.headers.get("content-type", "").startswith("multipart/form-data"):
            async with request.form(max_files=_MOST_IMAGES, max_fields=_MOST_IMAGES) as form:
                image = form.get("image")
                if image is None or isinstance(image, str):
                    raise DataError("body.image: a file of that name is missing.")
                content, name = await image.read(), _name(image.filename)
        else:
            content, name = await request.body(), "image"
        return _reading(await asker.read(content, name), seen)

    @app.post(
        "/api/images",
        summary="Read the digits of several pictures",
        response_description="One answer for each picture, in their order.",
    )
    async def read_images(
        images: Annotated[list[UploadFile], File(min_length=1, max_length=_MOST_IMAGES, description="Up to 32 files.")],
        seen: Seen = False,
    ) -> list[forms.Reading | forms.Unread]:
        """Up to 32 pictures in one form; one that cannot be read has an `error`, and the others are answered."""
        answers: list[forms.Reading | forms.Unread] = []
        for image in images:
            name = _name(image.filename)
            try:
                answers.append(_reading(await asker.read(await image.read(), name), seen))
            except DataError as error:
                answers.append(forms.Unread(image=name, error=str(error)))
        return answers


def _add_rows(app: FastAPI, asker: Asker) -> None:
    body = forms.rows_body(asker.model.image_shape, pictures.MOST_ROWS)

    @app.post(
        "/api/pixels",
        summary="Label rows of pixels",
        response_description="One answer for each row, in their order.",
        openapi_extra=body,
    )
    async def label_rows(request: Request) -> list[forms.Row]:
        """Images that have the model's form already, such as those of the competition's test.csv."""
        return await asker.label(await request.body())


def _add_corrections(app: FastAPI, asker: Asker) -> None:
    label = {
        "type": "integer",
        "minimum": 0,
        "maximum": min(9, asker.model.classes - 1),
        "description": "What all these images show.",
    }
    body = forms.rows_body(asker.model.image_shape, pictures.MOST_ROWS, label=label)

    @app.post(
        "/api/corrections",
        summary="Correct what was misread",
        response_description="What was kept.",
        openapi_extra=body,
    )
    async def correct(request: Request) -> forms.Kept:
        """Keeps images, as `seen=true` shows them, in the folder `corrections`, to which pictures' answers adapt."""
        return forms.Kept(kept=await asker.keep(await request.body()))


def _add_refusals(app: FastAPI) -> None:
    @app.exception_handler(RequestValidationError)
    async def explain(_request: Request, error: RequestValidationError) -> JSONResponse:
        # FastAPI's own answer tells of every fault, and repeats what was sent.
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        return JSONResponse({"detail": f"{place}: {first['msg']}."}, 422)

    def refuse(status: int, **headers: str) -> Callable[[Any, Exception], Any]:
        async def answer(_request: Any, error: Exception) -> JSONResponse:
            return JSONResponse({"detail": str(error) or _REFUSALS[status]}, status, headers)

        return answer

    app.add_exception_handler(pictures.TooLargeError, refuse(413))
    app.add_exception_handler(DataError, refuse(422))
    app.add_exception_handler(QueueFullError, refuse(429, **{"Retry-After": "1"}))


def _name(filename: str | None) -> str:
    name = "".join(letter if letter.isprintable() else "?" for letter in filename or "")
    return name[:_NAME_LENGTH] or "image"


def _reading(prediction: Prediction, seen: bool) -> forms.Reading:
    reading = forms.Reading(answer=prediction.answer, **prediction.as_json())
    if seen:
        for one, shown in zip(reading.digits, prediction.seen, strict=True):
            one.seen = shown.image.ravel().tolist()
        for mark, left in zip(reading.left_out, prediction.seen_marks, strict=True):
            mark.seen = left.image.ravel().tolist()
    return reading
