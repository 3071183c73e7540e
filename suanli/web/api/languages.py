"""In which language somebody is answered."""

from flask import request

from suanli.domain.site import Site
from suanli.i18n import Lang


def asked_lang(site: Site) -> Lang:
    """The language that the request asks for most, of those that there are; the site's when it asks for none of them.

    Any Chinese is ours, and so is any English: `en-GB` comes before a `zh` that is wanted less.
    """
    known = {lang.value: lang for lang in Lang}
    wanted = (tag.partition("-")[0].casefold() for tag, quality in request.accept_languages if quality > 0)
    return next((known[each] for each in wanted if each in known), site.lang)
