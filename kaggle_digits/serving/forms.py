"""The forms of the API's questions and answers, which its description shows, with an example of each."""

from typing import Any

from pydantic import BaseModel, Field

_SHARES = [0.0, 0.0002, 0.0003, 0.0001, 0.0001, 0.0, 0.0, 0.9979, 0.0002, 0.0012]
_DIGIT = {
    "label": "7",
    "guess": "7",
    "probability": 0.9979,
    "probabilities": _SHARES,
    "is_digit": 1.0,
    "box": [44, 24, 137, 147],
    "seen": None,
}
_MARK = {"box": [150, 80, 170, 90], "after": 1, "may_be_digit": False, "seen": None}
_MODEL = {
    "run": "20261120-220844-mlp",
    "recipe": "mlp",
    "image_shape": [28, 28],
    "classes": 10,
    "parameters": 850586,
    "validation_accuracy": 0.9774,
    "corrections": True,
}
_NOT_WHOLE = "is not a whole image of the formats PNG, ..."
_READING = {
    "image": "seven.png",
    "label": "7",
    "answer": "7",
    "probability": 0.9979,
    "probabilities": _SHARES,
    "digits": [_DIGIT],
    "unsure": False,
    "guess": "7",
    "doubt": None,
    "left_out": [],
    "turned": 0,
    "adapted_to": 0,
    "first_of_several": False,
}


class Digit(BaseModel, json_schema_extra={"examples": [_DIGIT]}):
    """One digit of a picture."""

    label: str | None = Field(description="The digit, or null where the model is unsure.")
    guess: str = Field(description="The likeliest digit, sure or not.")
    probability: float = Field(ge=0, le=1, description="Of the likeliest label, if it is a digit.")
    probabilities: list[float] = Field(description="Of all labels, in order.")
    is_digit: float = Field(ge=0, le=1, description="The probability that it is one; 0 in a word or a hatching.")
    box: list[int] = Field(description="Left, top, right and bottom in pixels of the picture, the last two exclusive.")
    seen: list[int] | None = Field(
        None, description="With seen=true: what the network saw, row by row, 0 is paper and 255 is ink."
    )


class LeftOut(BaseModel, json_schema_extra={"examples": [_MARK]}):
    """Ink that is no digit, such as a sign or a letter."""

    box: list[int] = Field(description="As a digit's.")
    after: int = Field(description="How many digits come before it.")
    may_be_digit: bool = Field(description="Whether it may be a digit for all that; then all is unsure.")
    seen: list[int] | None = Field(None, description="As a digit's.")


class Reading(BaseModel, json_schema_extra={"examples": [_READING]}):
    """What a picture says."""

    image: str = Field(description="The upload's file name.")
    label: str | None = Field(
        description="The digits, a space between lines and at wide gaps; null without any, or where they are unsure."
    )
    answer: str = Field(
        description="The label, or why there is none beside the digits that are sure; and what was left out."
    )
    probability: float | None = Field(
        ge=0,
        le=1,
        description="That all are digits and right; null without any, and where something left out may be one, too.",
    )
    probabilities: list[float] | None = Field(description="Of all labels, where there is one digit.")
    digits: list[Digit] = Field(description="In reading order, each with the fields below.")
    unsure: bool = Field(description="Whether there are digits that are not to be believed.")
    guess: str | None = Field(description="The likeliest digits, sure or not; null without any.")
    doubt: str | None = Field(description="In words why they are unsure; null where they are not.")
    left_out: list[LeftOut] = Field(description="Ink that is no digit.")
    turned: int = Field(description="Degrees to the right by which the picture was turned before it was read.")
    adapted_to: int = Field(description="How many corrections of the user's the answer minds.")
    first_of_several: bool = Field(description="Whether the file has more pages or frames, which were not read.")


class Unread(BaseModel, json_schema_extra={"examples": [{"image": "notes.txt", "error": f"notes.txt {_NOT_WHOLE}"}]}):
    """A picture of a batch that could not be read."""

    image: str = Field(description="The upload's file name.")
    error: str = Field(description="Instead of all others, where a picture cannot be read: why.")


class Row(BaseModel, json_schema_extra={"examples": [{"label": 7, "probability": 0.9979, "probabilities": _SHARES}]}):
    """What a row of pixels says."""

    label: int = Field(description="The likeliest label.")
    probability: float = Field(ge=0, le=1, description="Its probability.")
    probabilities: list[float] = Field(description="Of all labels, in order.")


class ModelInformation(BaseModel, json_schema_extra={"examples": [_MODEL]}):
    """What answers."""

    run: str = Field(description="The run's name.")
    recipe: str = Field(description="The name of its recipe.")
    image_shape: list[int] = Field(description="Height and width of the images that it takes, in pixels.")
    classes: int = Field(description="How many labels it tells apart.")
    parameters: int = Field(description="How many numbers it has learned.")
    validation_accuracy: float | None = Field(description="The share of validation rows that it labels rightly.")
    corrections: bool = Field(description="Whether corrections are kept.")


class Health(BaseModel, json_schema_extra={"examples": [{"status": "ok"}]}):
    """Whether it answers."""

    status: str = Field(description="Always ok.")


class Refusal(BaseModel, json_schema_extra={"examples": [{"detail": f"seven.png {_NOT_WHOLE}"}]}):
    """Why a request is not answered."""

    detail: str = Field(description="In a sentence.")


class Kept(BaseModel, json_schema_extra={"examples": [{"kept": 1}]}):
    """What was kept."""

    kept: int = Field(description="How many images; those without any ink are not kept.")


def refusal(why: str, detail: str) -> dict[str, Any]:
    """A status of 400 or more, as OpenAPI describes it: when it is given, and an example of what is then said."""
    return {"model": Refusal, "description": why, "content": {"application/json": {"example": {"detail": detail}}}}


_FILE = {"type": "string", "format": "binary"}
_UPLOAD = {
    "type": "object",
    "required": ["image"],
    "properties": {
        "image": {
            **_FILE,
            "description": "A JPEG of at most 25 megapixels, or a PNG, BMP, WebP, GIF or TIFF of at most 9.",
        }
    },
}
_RAW = {**_FILE, "title": "body", "description": "Instead of a form, the file itself, of whatever content type."}
PICTURE_BODY = {
    "requestBody": {
        "required": True,
        "content": {"multipart/form-data": {"schema": _UPLOAD}, "application/octet-stream": {"schema": _RAW}},
    }
}
"""A picture, as OpenAPI describes it."""


def rows_body(image_shape: tuple[int, int], most: int, **more: dict[str, Any]) -> dict[str, Any]:
    """Rows of pixels, `most` in a request, of images of that height and width in pixels, as OpenAPI describes them.

    `more` holds the schemas of what else is in the body.
    """
    height, width = image_shape
    size = height * width
    pixel = {"type": "integer", "minimum": 0, "maximum": 255}
    row = {"type": "array", "items": pixel, "minItems": size, "maxItems": size}
    told = f"Up to {most:,} images of {height} x {width} pixels, row by row; 0 is paper and 255 is ink."
    rows = {"type": "array", "items": row, "minItems": 1, "maxItems": most, "description": told}
    properties = {"rows": rows, **more}
    schema = {"type": "object", "required": [*properties], "properties": properties}
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}
