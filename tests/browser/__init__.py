"""The pages in a real Chromium, against a real server on the demonstration house."""
