package main

import (
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscognito"

	"learningloop/internal/config"
)

// identity is who says who staff are: the issuer of their tokens. The last two are nil where the stack made no pool.
type identity struct {
	issuer, clientID *string
	poolID, signIn   *string
}

// newIdentity makes a Cognito pool with a sign-in page, unless another issuer is given. The client is public and uses the
// code flow with PKCE: there is no secret to keep. Members are invited, they do not sign themselves up.
func newIdentity(l *loop, a *api) identity {
	if l.OIDCIssuer != "" {
		return identity{issuer: str(l.OIDCIssuer), clientID: str(l.OIDCClientID)}
	}
	pool := awscognito.NewUserPool(l.Stack, str("Staff"), &awscognito.UserPoolProps{
		SelfSignUpEnabled:   new(bool),
		SignInAliases:       &awscognito.SignInAliases{Email: yes()},
		SignInCaseSensitive: new(bool),
		AutoVerify:          &awscognito.AutoVerifiedAttrs{Email: yes()},
		AccountRecovery:     awscognito.AccountRecovery_EMAIL_ONLY,
		Mfa:                 awscognito.Mfa_OPTIONAL,
		MfaSecondFactor:     &awscognito.MfaSecondFactor{Otp: yes(), Sms: new(bool)},
		PasswordPolicy:      &awscognito.PasswordPolicy{MinLength: num(12)},
		DeletionProtection:  &l.Keep,
		RemovalPolicy:       l.keep(),
	})
	client := pool.AddClient(str("Pages"), &awscognito.UserPoolClientOptions{
		GenerateSecret:             new(bool),
		AuthFlows:                  &awscognito.AuthFlow{UserSrp: yes()},
		PreventUserExistenceErrors: yes(),
		OAuth: &awscognito.OAuthSettings{
			Flows:        &awscognito.OAuthFlows{AuthorizationCodeGrant: yes()},
			Scopes:       &[]awscognito.OAuthScope{awscognito.OAuthScope_OPENID(), awscognito.OAuthScope_EMAIL(), awscognito.OAuthScope_PROFILE()},
			CallbackUrls: &[]*string{str(*a.publicURL + config.PathSignedIn)},
			LogoutUrls:   &[]*string{str(*a.publicURL + config.PathSignedOut)},
		},
		AccessTokenValidity:   minutes(60),
		IdTokenValidity:       minutes(60),
		RefreshTokenValidity:  days(1),
		EnableTokenRevocation: yes(),
	})
	// A member's groups say what they may do (internal/auth); somebody in none of them is not staff.
	for _, role := range []string{"admin", "member", "leadership"} {
		awscognito.NewCfnUserPoolGroup(l.Stack, str("Staff"+title(role)), &awscognito.CfnUserPoolGroupProps{
			UserPoolId: pool.UserPoolId(), GroupName: str(role),
		})
	}
	// The prefix is shared by every account of the Region, so it carries the account's id.
	domain := pool.AddDomain(str("SignIn"), &awscognito.UserPoolDomainOptions{
		CognitoDomain: &awscognito.CognitoDomainOptions{DomainPrefix: str(strings.Join([]string{l.name(), *l.Account()}, "-"))},
	})
	issuer := awscdk.Fn_Join(str(""), &[]*string{str("https://cognito-idp."), l.Region(), str("."), l.UrlSuffix(), str("/"), pool.UserPoolId()})
	return identity{issuer: issuer, clientID: client.UserPoolClientId(), poolID: pool.UserPoolId(), signIn: domain.BaseUrl(nil)}
}
