"""The least a Flask application can do; everything is measured as a multiple of it, on the same server in the same run."""

from flask import Flask

app = Flask(__name__)


@app.get("/")
def hello() -> str:
    return "Hello, world!"
