"""The demonstration: the invented house "Meilentreff Marten", its neighbours and a few busy weeks around today."""
