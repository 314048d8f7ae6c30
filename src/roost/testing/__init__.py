"""The fakes, clients and makers that roost's own tests use, shipped for everyone's."""
