"""suanli (算力): a chatbot that runs a company's AI compute."""
