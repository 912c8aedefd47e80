module shelfmark.example/contracts

go 1.18
