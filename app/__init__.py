"""Quartiersraum: one application that runs a neighbourhood centre day by day."""

from __future__ import annotations

from flask import Flask

import config
from app import wiring
from app.core import clock, crypto, db, events, health, i18n, log, mail, web


def create_app(settings: config.Settings | None = None) -> Flask:
    """The application of one centre; `settings` are read from instance and environment unless given."""
    settings = settings or config.load()
    app = web.Application(
        __name__, instance_path=str(settings.instance_path), static_folder=None, template_folder="core/templates"
    )
    app.extensions["settings"] = settings
    clock.move(settings.clock)
    crypto.init_app(app, settings.instance_path)
    log.init_app(app, settings.log_level)
    db.init_app(app, settings)
    web.init_app(app, settings, wiring.IDENTIFY, wiring.IDENTIFY_TOKEN)
    i18n.init_app(app, settings, wiring.LANGUAGE)
    mail.init_app(app, settings)
    health.init_app(app)
    events.wire(wiring.REACTIONS)
    app.extensions.update(jobs=wiring.JOBS, checks=wiring.CHECKS, restored=wiring.RESTORED, reader_kind=wiring.READER_KIND)
    for blueprint in (*wiring.PAGES, *wiring.APIS):
        app.register_blueprint(blueprint)
    for group in wiring.COMMANDS:
        app.cli.add_command(group)
    for prepare in wiring.CONTEXT:
        app.context_processor(prepare)
    app.jinja_env.globals.update(wiring.TEMPLATE_WORDS)
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    return app
