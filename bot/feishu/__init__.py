"""Feishu: signature and events in, cards and the courier out."""
