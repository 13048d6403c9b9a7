package main

import "strings"

// environmentOf gives a function's environment as the function would see it after a deployment.
func environmentOf(d document, fn resource) map[string]string {
	variables, _ := fn.get("Environment", "Variables").(map[string]any)
	env := make(map[string]string, len(variables))
	for k, v := range variables {
		env[k] = resolve(d, v)
	}
	return env
}

// resolve does what CloudFormation does to the few intrinsic functions the stack uses in texts, with made-up ids.
func resolve(d document, v any) string {
	m, ok := v.(map[string]any)
	if !ok {
		return text(v)
	}
	if join, ok := m["Fn::Join"].([]any); ok {
		parts := make([]string, 0, 8)
		for _, p := range many(join[1]) {
			parts = append(parts, resolve(d, p))
		}
		return strings.Join(parts, text(join[0]))
	}
	switch id := text(m["Ref"]); id {
	case "AWS::Region":
		return "us-east-1"
	case "AWS::AccountId":
		return "111122223333"
	case "AWS::URLSuffix":
		return "amazonaws.com"
	case "AWS::Partition":
		return "aws"
	default:
		switch text(dig(map[string]any(d), "Resources", id, "Type")) {
		case "AWS::ApiGateway::RestApi":
			return "API"
		case "AWS::SecretsManager::Secret":
			return "arn:aws:secretsmanager:us-east-1:111122223333:secret:" + id
		case "AWS::SNS::Topic":
			return "arn:aws:sns:us-east-1:111122223333:" + id
		}
		return id
	}
}
