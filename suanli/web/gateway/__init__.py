"""The gateway to models: OpenAI's API, held against quotas before it is forwarded, and recorded as what it used."""
