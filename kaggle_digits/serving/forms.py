"""The forms of the API's answers, which its description shows."""

from pydantic import BaseModel, Field

Share = float


class Digit(BaseModel):
    """One digit of a picture."""

    label: str | None = Field(description="The digit, or null where the model is unsure.")
    probability: Share = Field(ge=0, le=1, description="Of the likeliest label.")
    probabilities: list[Share] = Field(description="Of all labels, in order.")
    box: list[int] = Field(description="Left, top, right and bottom in pixels of the picture, the last two exclusive.")
    seen: list[int] | None = Field(None, description="What the network saw, row by row, 0 is paper and 255 is ink.")


class Reading(BaseModel):
    """What a picture says."""

    image: str = Field(description="The upload's file name.")
    label: str | None = Field(description="The digits, a space between lines; null without any or where one is unsure.")
    answer: str = Field(description="The label, or in words why there is none.")
    probability: Share | None = Field(description="That all digits are right.")
    digits: list[Digit] = Field(description="In reading order.")


class Unread(BaseModel):
    """A picture of a batch that could not be read."""

    image: str = Field(description="The upload's file name.")
    error: str = Field(description="Why.")


class Row(BaseModel):
    """What a row of pixels says."""

    label: int = Field(description="The likeliest label.")
    probability: Share = Field(ge=0, le=1, description="Its probability.")
    probabilities: list[Share] = Field(description="Of all labels, in order.")


class ModelInformation(BaseModel):
    """What answers."""

    run: str
    recipe: str
    image_shape: list[int] = Field(description="Height and width of the images that it takes, in pixels.")
    classes: int = Field(description="How many labels it tells apart.")
    parameters: int = Field(description="How many numbers it has learned.")
    validation_accuracy: float | None


class Health(BaseModel):
    """Whether it answers."""

    status: str


class Refusal(BaseModel):
    """Why a request is not answered."""

    detail: str
