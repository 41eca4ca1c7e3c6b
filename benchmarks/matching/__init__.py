"""Finding duplicates: accuracy, time and memory beside the tools that data teams use, each in a process of its own."""

from matching import accuracy, companies, labelled, million, online

LINES = [*accuracy.LINES, *labelled.LINES, *companies.LINES, *million.LINES, *online.LINES]
