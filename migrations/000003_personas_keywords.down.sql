DROP TABLE keyword_rules, keyword_sets, personas;
DROP TYPE rule_type_enum, persona_type_enum;
