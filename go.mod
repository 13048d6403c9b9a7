module learningloop

go 1.26.0
