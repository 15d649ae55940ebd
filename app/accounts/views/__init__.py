"""The pages of signing in and of keys, and what every page needs to know about its reader."""

from app.accounts.views import desk as desk
from app.accounts.views import own as own
from app.accounts.views import sign_in as sign_in
from app.accounts.views.own import keys_context as keys_context
from app.accounts.views.own import put_errors as put_errors
from app.accounts.views.pages import address as address
from app.accounts.views.pages import device as device
from app.accounts.views.pages import enter as enter
from app.accounts.views.pages import pages as pages
from app.accounts.views.pages import totp_secret as totp_secret
from app.accounts.views.reader import context as context
from app.accounts.views.reader import identify as identify
from app.accounts.views.reader import language as language

blueprints = [pages.blueprint]
