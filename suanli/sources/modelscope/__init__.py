"""ModelScope: the models and data sets of organisations and people."""

from suanli.sources.modelscope.listing import ModelScope

__all__ = ["ModelScope"]
