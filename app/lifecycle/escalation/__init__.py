"""From service to enforcement: contact, visit, letter, order, penalty or court, with the evidence of each."""
