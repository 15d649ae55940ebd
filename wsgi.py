import gc

from app import create_app

app = create_app()
# What the program itself is made of stays, and need not be looked through again for garbage; a request leaves hardly any.
gc.collect()
gc.freeze()
gc.set_threshold(10_000, 20, 20)
