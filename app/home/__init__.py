"""Pages across features: the public front page, the desk's *Heute*, what everybody may do next. No tables of its own."""
