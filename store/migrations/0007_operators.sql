-- Operators are named by the table of operators since this version.

ALTER TABLE observations COMMENT COLUMN operators 'who runs the name servers, sorted: names of the table of operators, else the registrable domains of the names of the servers';
