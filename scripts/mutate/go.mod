module wstrust/scripts/mutate

go 1.26.0
