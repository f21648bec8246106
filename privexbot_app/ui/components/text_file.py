"""A button that reads a text file in the browser and puts its text into a field of the same form."""

import reflex as rx

SCRIPT = rx.asset("text_file.jsx", shared=True)


class TextFile(rx.NoSSRComponent):
    """The button.

    into: the id of a field that keeps its own value. accept: file name endings, as the browser wants them.
    """

    library = SCRIPT.importable_path
    tag = "TextFile"

    into: rx.Var[str]
    accept: rx.Var[str]
    max_characters: rx.Var[int]
    label: rx.Var[str]


text_file = TextFile.create
